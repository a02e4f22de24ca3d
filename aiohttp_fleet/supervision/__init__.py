"""What commands need of a running fleet: supervisord's RPC, the workers' control sockets, the lock, the preflight."""
