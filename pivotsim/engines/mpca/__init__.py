"""An array of multipliers with lanes and load balancing (MPCA), GEMM by GEMM."""
