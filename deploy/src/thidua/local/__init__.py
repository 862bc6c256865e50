"""The local runner: a whole site on one machine from wheels alone, without root, Docker or anything preinstalled."""
