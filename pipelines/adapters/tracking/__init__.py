"""MLflow: the client, the runs, the registered models; the only place that imports mlflow."""
