"""What binds notebooks to the book: figures, verdicts, parameters, reruns and stamps."""
