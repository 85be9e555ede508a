"""Read accounts and contacts of sellers, and link accounts to suppliers; import `store` and `text` only."""
