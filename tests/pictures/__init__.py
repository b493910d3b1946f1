"""Makes the pictures of the pages from what the commands really say of the shipped example."""
