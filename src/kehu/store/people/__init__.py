"""Our own users (用户管理): who they are, how they prove it, and where they are signed in."""
