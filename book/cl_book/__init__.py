"""The book's own machinery: what runs its notebooks, decides its claims, draws its figures, sets its pages, and its commands."""
