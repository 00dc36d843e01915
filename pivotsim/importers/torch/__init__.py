"""Programs of torch.export as graphs: in memory, which needs torch, or in a file, which needs nothing."""
