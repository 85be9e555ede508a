"""The JSON API: everything the pages do, for a user's own programs. Described at `/openapi.json`.

A file here holds one `router`, and `review.api.routers` lists them. Each route asks for a role
(`review.security.people`); one that asks for none fails a test.
"""
