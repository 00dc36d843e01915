"""Pictures of hardware: its memories, its DRAM, several arrays, and models beside what was measured."""
