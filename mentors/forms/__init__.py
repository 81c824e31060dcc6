"""What is typed on the mentor's pages. Validation only; nothing here saves."""
