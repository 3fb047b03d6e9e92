"""How a CRM is read and written, beside what its published limits allow."""
