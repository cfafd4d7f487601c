"""What somebody who answers us says: which ticket it is about, the commands of agents, the ratings of requesters."""
