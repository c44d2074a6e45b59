"""The networks that training starts from: new students and pretrained encoders."""
