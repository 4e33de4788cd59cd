"""What the runs against real processes have in common: the processes, a person's client, and a witness between them."""
