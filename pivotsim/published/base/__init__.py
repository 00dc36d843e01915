"""What all audits share: claims, findings and the audit's form."""
