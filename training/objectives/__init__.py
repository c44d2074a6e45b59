"""What a network is trained on: the losses, each as a module that maps a batch to them."""
