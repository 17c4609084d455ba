"""The register: contacts, units, people, tickets, referrals, results."""
