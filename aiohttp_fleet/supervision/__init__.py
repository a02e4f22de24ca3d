"""Talk to what runs: supervisord's RPC, the workers' control sockets, the lock, the preflight."""
