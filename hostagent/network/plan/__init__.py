"""What a network document asks for: checked, and worked out to names and addresses."""
