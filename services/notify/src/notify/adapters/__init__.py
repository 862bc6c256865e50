"""Tables, what feeds them, the mail server and registry's list of people."""
