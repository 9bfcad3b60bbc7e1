public import Web

extension Simulator {
    /// Serves over HTTP; port 0 takes any free one.
    ///
    /// Mounted at `/v2/…`, and at `/digitalocean/v2/…` so that other providers can stand beside it.
    ///
    /// - Throws: `WebFault` when the address can't be had.
    public func serve(
        address: String = "127.0.0.1", port: UInt16 = 0, options: WebServerOptions = WebServerOptions()
    ) throws(WebFault) -> WebServer {
        try WebServer(address: address, port: port, options: options) { request in await self.answer(request) }
    }
}
