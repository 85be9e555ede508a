"""Turns the bytes of one page into what it says, without network, clock or database."""
