//! The names in the documents that `docs/parity.md` and `docs/parity-foal.md` follow.

/// The names in Socket.IO's documentation for version 4, in its order: the headings of "Server API" by section, the rows of its
/// tables, and the headings of "Emitting events".
pub(crate) const NAMES: &str = "
# Server
new Server(httpServer[, options])
new Server(port[, options])
new Server(options)
Event: 'connect'
Event: 'connection'
Event: 'new_namespace'
server.engine
server.sockets
server.adapter([value])
server.attach(httpServer[, options])
server.attach(port[, options])
server.attachApp(app[, options])
server.bind(engine)
server.close([callback])
server.disconnectSockets([close])
server.emit(eventName[, ...args])
server.emitWithAck(eventName[, ...args])
server.except(rooms)
server.fetchSockets()
server.in(room)
server.listen(httpServer[, options])
server.listen(port[, options])
server.of(nsp)
server.on(eventName, listener)
server.onconnection(socket)
server.path([value])
server.serveClient([value])
server.serverSideEmit(eventName[, ...args][, ack])
server.serverSideEmitWithAck(eventName[, ...args])
server.socketsJoin(rooms)
server.socketsLeave(rooms)
server.timeout(value)
server.to(room)
server.use(fn)

# Options
path
serveClient
adapter
parser
connectTimeout
connectionStateRecovery
cleanupEmptyChildNamespaces
pingInterval
pingTimeout
upgradeTimeout
maxHttpBufferSize
allowRequest
transports
allowUpgrades
perMessageDeflate
httpCompression
wsEngine
cors
cookie
allowEIO3
addTrailingSlash

# Namespace
namespace.adapter
namespace.name
namespace.sockets
Event: 'connect'
Event: 'connection'
namespace.allSockets()
namespace.disconnectSockets([close])
namespace.emit(eventName[, ...args])
namespace.emitWithAck(eventName[, ...args])
namespace.except(rooms)
namespace.fetchSockets()
namespace.in(room)
namespace.serverSideEmit(eventName[, ...args][, ack])
namespace.serverSideEmitWithAck(eventName[, ...args])
namespace.socketsJoin(rooms)
namespace.socketsLeave(rooms)
namespace.timeout(value)
namespace.to(room)
namespace.use(fn)
Flag: 'local'
Flag: 'volatile'

# Socket
Event: 'disconnect'
Event: 'disconnecting'
connect
connect_error
newListener
removeListener
socket.client
socket.conn
socket.data
socket.handshake
socket.id
socket.request
socket.rooms
socket.compress(value)
socket.disconnect([close])
socket.emit(eventName[, ...args][, ack])
socket.emitWithAck(eventName[, ...args])
socket.eventNames()
socket.except(rooms)
socket.in(room)
socket.join(room)
socket.leave(room)
socket.listenersAny()
socket.listenersAnyOutgoing()
socket.offAny([listener])
socket.offAnyOutgoing([listener])
socket.on(eventName, callback)
socket.onAny(callback)
socket.onAnyOutgoing(callback)
socket.once(eventName, listener)
socket.prependAny(callback)
socket.prependAnyOutgoing(callback)
socket.removeAllListeners([eventName])
socket.removeListener(eventName, listener)
socket.send([...args][, ack])
socket.timeout(value)
socket.to(room)
socket.use(fn)
Flag: 'broadcast'
Flag: 'volatile'

# Reasons of disconnects
server namespace disconnect
client namespace disconnect
server shutting down
ping timeout
transport close
transport error
parse error
forced close
forced server close

# `socket.handshake`
headers
time
address
xdomain
secure
issued
url
query
auth

# `socket.conn`
conn.transport.name
conn.on('upgrade')
conn.on('packet')
conn.on('packetCreate')
conn.on('drain')
conn.on('close')

# Client
client.conn
client.request

# Engine
Event: 'connection_error'
0 \"Transport unknown\"
1 \"Session ID unknown\"
2 \"Bad handshake method\"
3 \"Bad request\"
4 \"Forbidden\"
5 \"Unsupported protocol version\"
Event: 'headers'
Event: 'initial_headers'
engine.clientsCount
engine.generateId
engine.handleUpgrade(request, socket, head)
engine.use(middleware)

# Emitting events
Basic emit
Acknowledgements
withTimeout(onSuccess, onTimeout, timeout)
Volatile events
";

/// The headings of FoalTS's page "Real-Time Communication", in its order, and one for what the page does not have.
pub(crate) const FOAL_HEADINGS: &str = "
Get Started
Server
Client
Architecture
Controllers and hooks
Contexts
Responses
Hooks
Summary table
Send a message
Broadcast a message
Grouping clients in rooms
Accessing the socket.io server
Error-handling
Customizing the error handler
Payload Validation
Using HTTP Hooks
Using Sessions
Forwarding HTTP sessions
Unit Testing
Advanced
Multiple node servers
Handling connection
Error-handling
Custom server options
Beyond the document
";
