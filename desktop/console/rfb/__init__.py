"""RFB 3.8 (VNC) client without input or output: bytes in, events and bytes out."""
