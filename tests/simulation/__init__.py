"""The delivery protocol in a simulated world: the real step functions of relay, follower, gate and quarantine.

Nothing here waits, sleeps or talks to a server: databases are plain state, NATS is lists, time is whoever acts next.
``python -m tests.simulation --seeds 1000`` runs long; ``test_simulation.py`` runs the same for seconds.
"""
