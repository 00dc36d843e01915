"""The array PE by PE: every register, every clock."""
