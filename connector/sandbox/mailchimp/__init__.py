"""Mailchimp's Marketing API 3.0 and its OAuth, as far as a lead-scoring app meets them."""
