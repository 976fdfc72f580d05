"""What people see of a Result: text tables, figures, one HTML page, a timeline for a trace viewer."""
