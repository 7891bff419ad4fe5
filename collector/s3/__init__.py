"""S3-compatible stores: requests that are signed, and nothing believed that was not answered."""
