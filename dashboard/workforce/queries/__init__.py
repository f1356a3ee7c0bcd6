"""Reading technicians, their days, skills and zones."""
