"""A soak: the real service on real HTTP, shot at again and again: `python -m benchmarks.soak`.

The fixture marketplaces are served on 127.0.0.1, each source is due every minute, a process of the service's
is killed at random every half minute, and the disk is filled once. In the end the listings must be those of
crawls that nobody disturbed.
"""
