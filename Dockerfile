# minikube-lite in a container: the wheel and nothing else, not as root.
#
#   docker build -t minikube-lite .
#   docker run --rm --name minikube-lite --network host minikube-lite
#   docker exec minikube-lite cat /cluster/kubeconfig > kubeconfig && kubectl --kubeconfig kubeconfig get nodes
#
# The host's network is needed for now: plain HTTP listens on loopback only, and a published port does not reach a
# container's loopback. Any other address is for HTTPS with tokens or certificates.

FROM python:3.13-slim AS build
WORKDIR /source
COPY . .
RUN pip install --no-cache-dir build
RUN python -m build --wheel --outdir /wheels

FROM python:3.13-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir /wheels/*.whl
# Whoever runs the container may write here, so `docker run --user` works with any user.
RUN install -d -m 1777 /cluster
WORKDIR /cluster
ENV HOME=/cluster PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 8080/tcp 10053/tcp 10053/udp
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
ENTRYPOINT ["minikube-lite", "start", "--api-port", "8080", "--dns-port", "10053", "--kubeconfig", "/cluster/kubeconfig"]
