"""Face shape models: who is sampled, and how their surface is made."""
