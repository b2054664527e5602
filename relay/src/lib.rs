//! The relay that is deployed: the tabletop app as a Worker.

dormouse::world!(World, dormouse_tabletop::app);
