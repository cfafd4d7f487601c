"""What kind of mail is it, and may a machine answer it?"""
