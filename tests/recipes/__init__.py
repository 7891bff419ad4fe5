"""The packaging recipes, read without the tools and the systems that they are for."""
