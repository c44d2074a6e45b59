"""Speed of this project and of its peers, in the process and through the servers."""
