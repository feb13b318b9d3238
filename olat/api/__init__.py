"""What scripts and the command line are made of: process a session, open it, relight it."""
