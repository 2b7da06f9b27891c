data = [bytes(1 << 20) for _ in range(200)]
