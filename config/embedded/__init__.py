"""`./dev`: the environment, the embedded PostgreSQL and Redis, and the processes around them.

Standard library only, with relative imports: `dev` loads this package as `embedded` with the
system's Python before anything is installed. Only `fake_redis` and `worker_ready`, which run in
processes of their own, import installed packages.
"""
