"""The common parts of audits: claims, findings and the audit's form."""
