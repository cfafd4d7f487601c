"""What a decision needs to know, looked up in few statements before anything is decided."""
