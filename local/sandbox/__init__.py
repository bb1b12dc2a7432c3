"""Stand-ins for the providers: servers that speak each one's wire, over made-up or recorded districts.

Nothing here imports the product, so that a misreading of a provider cannot hide on both sides at once.
"""
