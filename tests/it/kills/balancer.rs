//! One address before several instances, as a balancer keeps it: each is asked `/readyz` again and again, and a new
//! connection goes to the next one that is ready. Those that stand are left alone; nothing is tried again.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

pub struct Balancer {
    listener: TcpListener,
    instances: Vec<(SocketAddr, AtomicBool)>,
    turn: AtomicUsize,
    is_over: AtomicBool,
}

impl Balancer {
    pub fn before(instances: &[SocketAddr]) -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            instances: instances.iter().map(|address| (*address, AtomicBool::new(false))).collect(),
            turn: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.listener.local_addr().unwrap())
    }

    /// Asks each instance how it stands until [`close`](Self::close).
    pub fn look(&self) {
        let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(1)));
        let agent: ureq::Agent = config.max_idle_connections(0).build().into();
        while !self.is_over.load(Ordering::SeqCst) {
            for (address, is_ready) in &self.instances {
                let said = agent.get(format!("http://{address}/readyz")).call();
                is_ready.store(said.is_ok(), Ordering::SeqCst);
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// Takes connections until [`close`](Self::close).
    pub fn serve(&self) {
        std::thread::scope(|scope| {
            for client in self.listener.incoming().map(Result::unwrap) {
                if self.is_over.load(Ordering::SeqCst) {
                    break;
                }
                // Without an instance both ends are dropped, and the client sees it.
                let Some(instance) = self.next().and_then(|address| TcpStream::connect(address).ok()) else {
                    continue;
                };
                let (back, forth) = (instance.try_clone().unwrap(), client.try_clone().unwrap());
                scope.spawn(move || pass(&forth, &instance));
                scope.spawn(move || pass(&back, &client));
            }
        });
    }

    pub fn wait_for(&self, instance: usize) {
        let started = Instant::now();
        while !self.instances[instance].1.load(Ordering::SeqCst) {
            assert!(started.elapsed() < Duration::from_secs(60), "instance {instance} was never ready");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends once every client has hung up.
    pub fn close(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        // It waits for a connection.
        drop(TcpStream::connect(self.listener.local_addr().unwrap()));
    }

    fn next(&self) -> Option<SocketAddr> {
        let turn = self.turn.fetch_add(1, Ordering::SeqCst);
        let ready = self.instances.iter().filter(|(_, is_ready)| is_ready.load(Ordering::SeqCst));
        let ready: Vec<SocketAddr> = ready.map(|(address, _)| *address).collect();
        (!ready.is_empty()).then(|| ready[turn % ready.len()])
    }
}

/// Passes on what one says to the other, until it is silent or either is gone.
fn pass(mut from: &TcpStream, mut to: &TcpStream) {
    from.set_nodelay(true).ok();
    to.set_nodelay(true).ok();
    let is_gone = io::copy(&mut from, &mut to).is_err();
    to.shutdown(Shutdown::Write).ok();
    if is_gone {
        from.shutdown(Shutdown::Both).ok();
    }
}
