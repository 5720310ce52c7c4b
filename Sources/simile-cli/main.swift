print("simile")
