"""Extract the content of one page from its bytes, without network, clock or database."""
