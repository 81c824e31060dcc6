"""What mentors reaches outside of this house."""
