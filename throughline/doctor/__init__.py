"""What is wrong with a deployment, part by part."""
